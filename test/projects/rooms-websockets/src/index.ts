export { ArchiveRoom } from './archive-room';
export { Presence } from './presence';
export { Room } from './room';

const ROUTE = new URLPattern({ pathname: '/api/rooms/:room/:what' });

export default {
	async fetch(request, env): Promise<Response> {
		const match = ROUTE.exec(request.url);
		if (!match) return env.ASSETS.fetch(request);
		const { room, what } = match.pathname.groups as { room: string; what: string };
		const stub = env.ROOMS.getByName(room);
		switch (what) {
			case 'socket':
				return stub.fetch(request);
			case 'history':
				return Response.json(await stub.history());
			case 'transcript': {
				const object = await env.TRANSCRIPTS.get(`${room}/transcript.txt`);
				if (object === null) return new Response(null, { status: 404 });
				const headers = new Headers({ etag: object.httpEtag });
				object.writeHttpMetadata(headers);
				return new Response(object.body, { headers });
			}
			case 'archives':
				return Response.json(await env.PRESENCE.getByName('all').all());
			case 'status':
				return Response.json(await (await env.ARCHIVE.get(`archive-${env.ROOMS.idFromName(room).toString().slice(0, 16)}`)).status());
		}
		return new Response('Not found', { status: 404 });
	},
} satisfies ExportedHandler<Env>;
