/** Settings of the account. */
export interface Settings {
  /** A small document kept under a name (account settings), as JSON text. */
  setting(name: string): Promise<string | undefined>;
  /**
   * Replaces a setting by what `change` makes of it, with nothing in between. What `change` throws is passed on, and the
   * setting stays as it was.
   */
  changeSetting(name: string, change: (json: string | undefined) => string): Promise<void>;
}
