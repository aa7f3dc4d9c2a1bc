/** Bindings: what scripts find in `env`. Ports know that there are kinds of them, `src/bindings/` knows which. */

/** The fields of each kind as it is stored, by type. Each kind adds its own, beside all else that it says (decision 0230). */
export interface BindingTypes {}

/** What clients call a kind, like `kv_namespace`. */
export type BindingType = keyof BindingTypes;

/** A binding of a type, or of one of several. */
export type BindingOf<T extends BindingType> = {
  readonly [K in T]: { readonly type: K; readonly name: string } & BindingTypes[K];
}[T];

/** What a script finds in `env` under a name. */
export type Binding = BindingOf<BindingType>;
