import { Router, error, json, withParams } from 'itty-router';
import pkg from '../package.json';
import { CampaignParams, CampaignWorkflow, Env } from './campaign';

const router = Router<Request & { params: Record<string, string> }, [Env, ExecutionContext]>({
	before: [withParams as never],
	catch: error,
	finally: [json],
});

router
	.get('/', (_request, env) => ({
		environment: env.ENVIRONMENT,
		from: env.FROM,
		throttle: env.THROTTLE ?? null,
		channel: BUILD_CHANNEL,
		version: pkg.version,
		key: env.API_KEY,
		multi: env.MULTI?.split('\n').length ?? 0,
	}))
	.post('/campaigns/:id', async (request, env) => {
		const { recipients } = (await request.json()) as CampaignParams;
		const instance = await env.CAMPAIGN.create({ id: request.params.id, params: { campaign: request.params.id, recipients } });
		return { id: instance.id };
	})
	.get('/campaigns/:id', async ({ params }, env) => (await env.CAMPAIGN.get(params.id!)).status())
	.get('/sent', async (_request, env) => {
		const { keys, list_complete } = await env.SENT.list();
		return { keys: keys.map(({ name }) => name), list_complete };
	})
	.all('*', () => error(404, 'Are you sure about that?'));

export { CampaignWorkflow };
export default { fetch: (request: Request, env: Env, ctx: ExecutionContext) => router.fetch(request as never, env, ctx) };
