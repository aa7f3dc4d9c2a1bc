export const renderReceipt = (shop: string, items: readonly string[]): string => `${shop}: ${items.toSorted().join(", ")}`;
