import { WorkflowEntrypoint } from 'cloudflare:workers';
import { NonRetryableError } from 'cloudflare:workflows';
import format from './lib/format.cjs';
import { sign } from './lib/sign.mjs';

/** @extends {WorkflowEntrypoint<Env, { number: string, lines: { customer: string, cents: number }[] }>} */
export class InvoiceApproval extends WorkflowEntrypoint {
	attempts = 0;

	async run(event, step) {
		const { number, lines } = event.payload;
		const total = await step.do('add up', async () => lines.reduce((sum, line) => sum + line.cents, 0));

		let approvedBy = 'nobody';
		if (total > Number(this.env.LIMIT)) {
			try {
				const approval = await step.waitForEvent('approval', { type: `approve-${event.instanceId}`, timeout: '1 hour' });
				if (!approval.payload.ok) throw new NonRetryableError('The invoice was refused', 'Refused');
				approvedBy = approval.payload.by;
			} catch (error) {
				if (error.name === 'Refused') throw error;
				approvedBy = `timeout: ${error.message}`;
			}
		}

		const signature = await step.do('sign', { retries: { limit: 5, delay: '10 milliseconds', backoff: 'exponential' } }, async () => {
			this.attempts++;
			if (this.attempts < 3) throw new TypeError(`signing is shy (${this.attempts})`);
			return sign(this.env.SIGNING_KEY, `${number}:${total}`);
		});
		await step.do('store', () => this.env.INVOICES.put(number, JSON.stringify({ total, signature })));
		return { total: format.money(total), approvedBy, signature, customers: format.byCustomer(lines), attempts: this.attempts };
	}
}
