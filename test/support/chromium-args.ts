/** The switches for every Chromium of the tests: it may run as root, makes no requests of its own, and spends its time on the page. */
export const chromiumArgs: string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // The suggestions of the address bar are two pages in each window, in a process of their own. The other features are
  // those of Playwright's own list that matter here, because the last list counts.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,DestroyProfileOnBrowserClose,MediaRouter,OptimizationHints,PaintHolding,ThirdPartyStoragePartitioning,Translate',
]
