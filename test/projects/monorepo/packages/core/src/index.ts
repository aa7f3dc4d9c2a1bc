export * from "./money";
export enum StatementKind {
  Monthly = "monthly",
  Final = "final",
}
export type StatementParams = { account: string; kind: StatementKind };
export const statementId = ({ account, kind }: StatementParams): string => `${kind}-${account}`;
