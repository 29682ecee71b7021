/** The messages of the scenes of the page and their server. */
export interface Scenes {
  readonly toServer: {
    readonly price: Quote
    readonly cursor: Point
    readonly order: { readonly drink: string }
    /** The bytes follow as binary frames; no other frames come between them. */
    readonly upload: { readonly size: number }
    readonly ping: undefined
  }
  readonly toClient: {
    /** The current price of a symbol on the server. Sent to all pages, including the one that quoted it. */
    readonly price: Quote
    readonly cursor: Point & { readonly id: string }
    readonly gone: { readonly id: string }
    readonly ordered: { readonly number: number; readonly drink: string }
    readonly uploading: { readonly received: number }
    /** All bytes have arrived; the digest is their SHA-256 in hexadecimal. */
    readonly uploaded: { readonly size: number; readonly digest: string }
    readonly pong: object
    readonly error: { readonly message: string }
  }
}

export interface Quote {
  readonly symbol: string
  readonly price: number
}

/** A place on a shared area: 0 to 1 from its left and from its top. */
export interface Point {
  readonly x: number
  readonly y: number
}

export const symbols = ['KELP', 'REEF', 'TIDE'] as const
export const drinks = ['Coffee', 'Tea', 'Water'] as const
/** The largest upload, in bytes. */
export const maxUploadBytes = 33_554_432
