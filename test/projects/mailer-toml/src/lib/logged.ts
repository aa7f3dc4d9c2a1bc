/** A decorator of TypeScript's old kind. */
export function logged(_target: unknown, name: string, descriptor: PropertyDescriptor): PropertyDescriptor {
	const original = descriptor.value as (...args: unknown[]) => unknown;
	return {
		...descriptor,
		value(this: unknown, ...args: unknown[]) {
			console.log('call', name);
			return original.apply(this, args);
		},
	};
}
