/** What the objects of KV, D1 and R2 are made over: asks what lies behind a binding. */
export interface Stub {
  fetch(url: string, init?: RequestInit & { readonly duplex?: "half" }): Promise<Response>;
}
