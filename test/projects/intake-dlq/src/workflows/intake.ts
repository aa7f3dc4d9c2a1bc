import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from 'cloudflare:workers';
import type { Document, Env } from '../env';

/** Starts the other workflows, and waits until each of them reports back. */
export class IntakeWorkflow extends WorkflowEntrypoint<Env, Document> {
  async run(event: WorkflowEvent<Document>, step: WorkflowStep) {
    const parent = event.instanceId;
    const document = event.payload;

    await step.do('start extraction', async () => {
      const child = await this.env.EXTRACT.create({ id: `${parent}-extract`, params: { ...document, parent } });
      return child.id;
    });
    const extracted = await step.waitForEvent<{ words: string[] }>('extracted', { type: 'extracted', timeout: '5 minutes' });

    await step.do('start classification', async () => {
      await this.env.CLASSIFY.create({ id: `${parent}-classify`, params: { words: extracted.payload.words, parent } });
    });
    const { payload, type } = await step.waitForEvent<{ label: string }>('classified', { type: 'classified', timeout: 300_000 });

    const stored = await step.do('file', { retries: { limit: 3, delay: 1000 } }, async () => {
      const result = { label: payload.label, words: extracted.payload.words.length };
      await this.env.RESULTS.put(`doc:${document.key}`, JSON.stringify(result), { metadata: { label: payload.label } });
      await this.env.NOTIFICATIONS.send({ key: document.key, kind: 'filed' });
      return result;
    });
    return { ...stored, type };
  }
}
