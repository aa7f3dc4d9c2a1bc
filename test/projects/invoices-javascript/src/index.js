import format from './lib/format.cjs';
import slug from '../vendor/slug.js';

export { InvoiceApproval } from './approval.js';

export default {
	/** @param {Request} request @param {Env} env */
	async fetch(request, env, ctx) {
		const url = new URL(request.url);
		const [, what, number] = decodeURIComponent(url.pathname).split('/');
		if (what === 'invoices' && request.method === 'POST') {
			const body = await request.json();
			const instance = await env.APPROVAL.create({ id: slug(body.number), params: body });
			return Response.json({ id: instance.id, limit: env.LIMIT, encoded: format.encode(body.number) });
		}
		if (what === 'invoices') return Response.json(await (await env.APPROVAL.get(number)).status());
		if (what === 'approve') {
			const form = await request.formData();
			const instance = await env.APPROVAL.get(slug(number));
			await instance.sendEvent({ type: `approve-${slug(number)}`, payload: { ok: form.get('ok') === 'yes', by: form.get('by') } });
			return new Response('thanks');
		}
		if (what === 'pause' || what === 'resume' || what === 'terminate' || what === 'restart') {
			const instance = await env.APPROVAL.get(number);
			await instance[what]();
			return Response.json((await instance.status()).status);
		}
		if (what === 'stored') return new Response(await env.INVOICES.get(number, 'stream'));
		return new Response('Not found', { status: 404 });
	},
};
