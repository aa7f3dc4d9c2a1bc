import { DurableObject } from 'cloudflare:workers';

/** How often each room was archived, in the key-value part of the storage. */
export class Presence extends DurableObject<Env> {
	async archived(room: string): Promise<number> {
		return this.ctx.storage.transaction(async (txn) => {
			const times = ((await txn.get<number>(`archived:${room}`)) ?? 0) + 1;
			await txn.put(`archived:${room}`, times);
			return times;
		});
	}

	async all(): Promise<Record<string, number>> {
		return Object.fromEntries(await this.ctx.storage.list<number>({ prefix: 'archived:' }));
	}
}
