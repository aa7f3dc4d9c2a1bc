/** Asks what lies behind a binding. */
export interface Stub {
  fetch(url: string, init?: RequestInit & { readonly duplex?: "half" }): Promise<Response>;
}
