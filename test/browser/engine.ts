import { server } from 'vitest/browser'

/** What the page runs in. */
export const engine = server.browser as 'chromium' | 'firefox' | 'webkit'

/** Its WebSocket is not that of Safari. */
export const isWebKitGtk = server.provider === 'webkitgtk'
