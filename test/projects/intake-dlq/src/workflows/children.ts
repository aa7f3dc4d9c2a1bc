import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from 'cloudflare:workers';
import { NonRetryableError } from 'cloudflare:workflows';
import type { Document, Env } from '../env';

async function report(env: Env, parent: string, type: string, payload: unknown): Promise<void> {
  const instance = await env.INTAKE.get(parent);
  await instance.sendEvent({ type, payload });
}

export class ExtractWorkflow extends WorkflowEntrypoint<Env, Document & { parent: string }> {
  async run({ payload }: WorkflowEvent<Document & { parent: string }>, step: WorkflowStep) {
    const words = await step.do('split', async () => payload.text.split(/\s+/u).filter(Boolean));
    await step.sleep('be polite', 200);
    await step.do('report', () => report(this.env, payload.parent, 'extracted', { words }));
    return words.length;
  }
}

export class ClassifyWorkflow extends WorkflowEntrypoint<Env, { words: string[]; parent: string }> {
  async run({ payload }: WorkflowEvent<{ words: string[]; parent: string }>, step: WorkflowStep) {
    const label = await step.do('classify', async () => {
      if (payload.words.length === 0) throw new NonRetryableError('nothing to classify');
      return payload.words.includes('invoice') ? 'invoice' : 'letter';
    });
    await step.do('report', async () => {
      await report(this.env, payload.parent, 'classified', { label });
    });
    return label;
  }
}

export class QuarantineWorkflow extends WorkflowEntrypoint<Env, { document: Document; attempts: number }> {
  async run({ payload: { document, attempts } }: WorkflowEvent<{ document: Document; attempts: number }>, step: WorkflowStep) {
    await step.do('keep', async () => {
      await this.env.RESULTS.put(`quarantine:${document.key}`, document.text);
      await this.env.NOTIFICATIONS.sendBatch([{ body: { key: document.key, kind: 'quarantined' } }]);
    });
    const decision = await step.waitForEvent<'release' | 'drop'>('a human decides', { type: 'decision', timeout: '7 days' });
    return { key: document.key, attempts, decision: decision.payload };
  }
}
