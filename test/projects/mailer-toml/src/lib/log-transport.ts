export async function deliver(to: string, body: string): Promise<string> {
	console.log(`to ${to}: ${body.length} characters`);
	return `${to}/${body.length}`;
}
