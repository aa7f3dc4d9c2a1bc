declare const BUILD_CHANNEL: string;
declare module '*.mustache' {
	const text: string;
	export default text;
}
declare module '*.html' {
	const text: string;
	export default text;
}
declare module 'mail-transport' {
	export function deliver(to: string, body: string): Promise<string>;
}
