import { DurableObject } from 'cloudflare:workers';

type Attachment = { name: string; joined: number };
export type Message = { id: number; author: string; text: string };

export class Room extends DurableObject<Env> {
	private readonly sql: SqlStorage;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		this.sql = ctx.storage.sql;
		ctx.blockConcurrencyWhile(async () => {
			this.sql.exec(`CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY AUTOINCREMENT, author TEXT NOT NULL, text TEXT NOT NULL)`);
		});
		ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
	}

	override async fetch(request: Request): Promise<Response> {
		if (request.headers.get('Upgrade')?.toLowerCase() !== 'websocket') return new Response('Expected Upgrade: websocket', { status: 426 });
		const name = new URL(request.url).searchParams.get('name') ?? 'anonymous';
		const { 0: client, 1: server } = new WebSocketPair();
		this.ctx.acceptWebSocket(server, [name]);
		server.serializeAttachment({ name, joined: Date.now() } satisfies Attachment);
		server.send(JSON.stringify({ type: 'welcome', name, history: this.history().length }));
		await this.ctx.storage.setAlarm(Date.now() + 60_000);
		return new Response(null, { status: 101, webSocket: client });
	}

	override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer) {
		const { name } = socket.deserializeAttachment() as Attachment;
		const text = typeof data === 'string' ? data : `${data.byteLength} bytes`;
		const { id } = this.sql.exec<{ id: number }>('INSERT INTO messages (author, text) VALUES (?, ?) RETURNING id', name, text).one();
		this.broadcast({ type: 'message', id, author: name, text });
		if (text === '/archive') {
			const instance = await this.env.ARCHIVE.create({ id: `archive-${this.ctx.id.toString().slice(0, 16)}`, params: { room: this.ctx.id.name ?? 'general' } });
			this.broadcast({ type: 'archiving', status: (await instance.status()).status !== 'errored' });
		}
	}

	override async webSocketClose(socket: WebSocket, code: number, reason: string) {
		socket.close(code === 1005 ? 1000 : code, reason);
	}

	override async alarm() {
		if (this.ctx.getWebSockets().length === 0) this.sql.exec('DELETE FROM messages WHERE id < (SELECT max(id) - 100 FROM messages)');
	}

	history(): Message[] {
		return this.sql.exec<Message>('SELECT id, author, text FROM messages ORDER BY id').toArray();
	}

	/** RPC, from the workflow. */
	async page(after: number, limit: number): Promise<{ messages: Message[]; next: number | null }> {
		const messages = this.sql.exec<Message>('SELECT id, author, text FROM messages WHERE id > ? ORDER BY id LIMIT ?', after, limit).toArray();
		return { messages, next: messages.length === limit ? messages.at(-1)!.id : null };
	}

	async announce(event: object): Promise<number> {
		this.broadcast(event);
		return this.ctx.getWebSockets().length;
	}

	private broadcast(event: object) {
		for (const socket of this.ctx.getWebSockets()) socket.send(JSON.stringify(event));
	}
}
