import { findBrowser } from './browsers.ts'

/** Path of a Chromium or Chrome that starts; see `findBrowser`. */
export function findChromium(): Promise<string> {
  return findBrowser('chromium')
}
