export const euros = (cents: number): string => new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" }).format(cents / 100);
