export type Document = { key: string; text: string; poison?: boolean };
export type Notification = { key: string; kind: "filed" | "quarantined" };

export interface Env {
  RESULTS: KVNamespace;
  DOCUMENTS: Queue<Document>;
  NOTIFICATIONS: Queue<Notification>;
  INTAKE: Workflow<Document>;
  EXTRACT: Workflow<Document & { parent: string }>;
  CLASSIFY: Workflow<{ words: string[]; parent: string }>;
  QUARANTINE: Workflow<{ document: Document; attempts: number }>;
}
