import { WorkflowEntrypoint, WorkflowStep, type WorkflowEvent } from 'cloudflare:workers';
import type { Message } from './room';

type Params = { room: string };

export class ArchiveRoom extends WorkflowEntrypoint<Env, Params> {
	async run(event: WorkflowEvent<Params>, step: WorkflowStep) {
		const { room } = event.payload;
		const stub = this.env.ROOMS.get(this.env.ROOMS.idFromName(room));
		const messages: Message[] = [];
		let after = 0;
		for (let page = 1; ; page++) {
			const { messages: found, next } = await step.do(`page ${page}`, async () => {
				const result = await stub.page(after, 2);
				return { messages: result.messages.map(({ id, author, text }) => ({ id, author, text })), next: result.next };
			});
			messages.push(...found);
			if (next === null) break;
			after = next;
		}
		const key = await step.do('store transcript', { retries: { limit: 10, delay: '5 seconds' }, timeout: '1 minute' }, async () => {
			const body = messages.map(({ author, text }) => `${author}: ${text}`).join('\n');
			const object = await this.env.TRANSCRIPTS.put(`${room}/transcript.txt`, body, {
				httpMetadata: { contentType: 'text/plain; charset=utf-8' },
				customMetadata: { lines: String(messages.length) },
			});
			return object!.key;
		});
		const times = await step.do('count', () => this.env.PRESENCE.getByName('all').archived(room));
		const listeners = await step.do('announce', async () => stub.announce({ type: 'archived', key, lines: messages.length }));
		return { key, lines: messages.length, times, listeners };
	}
}
