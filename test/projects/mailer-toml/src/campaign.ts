import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from 'cloudflare:workers';
import { deliver } from 'mail-transport';
import Mustache from 'mustache';
import { logged } from './lib/logged';
import template from './templates/campaign.mustache';
import footer from './templates/footer.html';

export type CampaignParams = { campaign: string; recipients: { name: string; email: string }[] };

export interface Env {
	ENVIRONMENT: string;
	FROM: string;
	API_KEY?: string;
	MULTI?: string;
	THROTTLE?: { perMinute: number; burst: { size: number } };
	SENT: KVNamespace;
	CAMPAIGN: Workflow;
}

export class CampaignWorkflow extends WorkflowEntrypoint<Env, CampaignParams> {
	async run(event: WorkflowEvent<CampaignParams>, step: WorkflowStep) {
		const { campaign, recipients } = event.payload;
		const delivered = [];
		for (const { name, email } of recipients) {
			const receipt = await step.do(`send ${email}`, { retries: { limit: 2, delay: '1 second' }, timeout: '10 seconds' }, async () => {
				const sent = await deliver(email, this.render(name, campaign));
				await this.env.SENT.put(`${campaign}/${email}`, sent);
				return sent;
			});
			delivered.push(receipt);
		}
		const wait = this.env.THROTTLE ? 60_000 / this.env.THROTTLE.perMinute : 10;
		await step.sleep('throttle', wait);
		await step.sleepUntil('until then', new Date(event.timestamp.getTime() + 3_000));
		return { from: this.env.FROM, delivered, key: this.env.API_KEY?.length };
	}

	@logged
	render(name: string, campaign: string): string {
		return Mustache.render(template, { name, lines: [campaign, this.env.ENVIRONMENT], footer: Mustache.render(footer, { year: 2024 }) });
	}
}
