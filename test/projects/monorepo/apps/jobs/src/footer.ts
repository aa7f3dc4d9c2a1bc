export const footer = (kind: string): string => `-- ${kind} statement, acme`;
