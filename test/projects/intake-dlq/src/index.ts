import { Hono } from 'hono';
import { v5 as uuidv5 } from 'uuid';
import type { Document, Env, Notification } from './env';

export { ClassifyWorkflow, ExtractWorkflow, QuarantineWorkflow } from './workflows/children';
export * from './workflows/intake';

const NAMESPACE = '0c1b7d1e-5b0e-4f5e-9f55-4c8f7a0f3a10';
const idOf = (key: string): string => uuidv5(key, NAMESPACE);

const app = new Hono<{ Bindings: Env }>();
app.post('/documents', async (c) => {
  const documents = await c.req.json<Document[]>();
  await c.env.DOCUMENTS.sendBatch(documents.map((body) => ({ body, contentType: 'json' })));
  return c.json(documents.map(({ key }) => idOf(key)), 202);
});
app.get('/documents/:key', async (c) => {
  const { value, metadata } = await c.env.RESULTS.getWithMetadata(`doc:${c.req.param('key')}`, 'json');
  return c.json({ value, metadata });
});
app.get('/keys', async (c) => c.json((await c.env.RESULTS.list()).keys.map(({ name }) => name)));
app.get('/intake/:key', async (c) => c.json(await (await c.env.INTAKE.get(idOf(c.req.param('key')))).status()));
app.get('/quarantine/:key', async (c) => {
  const instance = await c.env.QUARANTINE.get(idOf(c.req.param('key'))).catch(() => undefined);
  return instance ? c.json(await instance.status()) : c.json({ status: 'none' });
});
app.post('/quarantine/:key/:decision', async (c) => {
  const instance = await c.env.QUARANTINE.get(idOf(c.req.param('key')));
  await instance.sendEvent({ type: 'decision', payload: c.req.param('decision') });
  return c.body(null, 204);
});

export default {
  fetch: app.fetch,
  async queue(batch: MessageBatch<unknown>, env: Env): Promise<void> {
    switch (batch.queue) {
      case 'intake-documents':
        for (const message of batch.messages as Message<Document>[]) {
          if (message.body.poison) message.retry({ delaySeconds: 1 });
          else {
            await env.INTAKE.create({ id: idOf(message.body.key), params: message.body });
            message.ack();
          }
        }
        break;
      case 'intake-documents-dlq':
        for (const { body, attempts } of batch.messages as Message<Document>[])
          await env.QUARANTINE.create({ id: idOf(body.key), params: { document: body, attempts } });
        break;
      default:
        await Promise.all(
          (batch.messages as Message<Notification>[]).map(({ body: { key, kind } }) => env.RESULTS.put(`notified:${kind}:${key}`, 'yes')),
        );
    }
  },
};
