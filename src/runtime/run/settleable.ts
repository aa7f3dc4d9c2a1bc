/**
 * Promises that another request context may settle.
 *
 * In workerd each run has a request context of its own, and what settles its promises (acknowledgements, outcomes, windows
 * of history) arrives in the context of the socket. workerd makes that safe: V8's builtins tag each promise with the context
 * that it is made in, and its continuations run there, whichever context settles it. TurboFan replaces the `Promise`
 * constructor by code of its own that leaves the tag out. So once a function that says `new Promise` is hot, code after the
 * `await` goes on in the context of the socket: the run's I/O objects throw there, stopping the run no longer stops it, and a
 * loop of the socket that is woken like this dies. `Promise.withResolvers` is not replaced, and its promises keep the tag.
 *
 * Therefore this is the only way to make a promise in `runtime/` and in `executors/workerd/isolate/`.
 * `test/architecture.test.ts` forbids the constructor there, and `test/long/workerd-warm.test.ts` sees what it breaks.
 */
export function settleable<T = void>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>();
}
