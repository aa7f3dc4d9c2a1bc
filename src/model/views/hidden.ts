/** The placeholder for a payload that the caller's role hides. It cannot be taken for a missing value. */

/** As JSON shows it. Dashboards know it by its only key. */
export const HIDDEN: { readonly $hidden: string } = { $hidden: "hidden for your role" };
