/** Every limit in one place, with Cloudflare's value where there is one (runtime docs, limits page, autumn 2026). */

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY_MS = 24 * 60 * 60 * 1000;

const limits = {
  /** Characters of a workflow's name. Cloudflare: 64. */
  workflowName: 64,
  /** Characters of an id given at creation. Cloudflare: 100. */
  instanceId: 100,
  /** Characters of an id that addresses an instance; ids made by schedules are longer. Cloudflare: 271. */
  instanceAddress: 271,
  /** Characters of a step's name. Cloudflare: 256. */
  stepName: 256,
  /** Characters of the name of a sleep or a wait. Ours: Cloudflare's local engine takes any. */
  waitName: 4 * KIB,
  /** Characters of an event's type. Cloudflare: 100. */
  eventType: 100,
  /** Characters of a cron expression. Cloudflare: 256. */
  cron: 256,
  /** Cron expressions of all workflows together. Cloudflare: 100. */
  schedules: 100,
  /** Cron expressions in one request. Cloudflare: 200. */
  schedulesAtOnce: 200,
  /** Characters of the name of a script or of a class. Cloudflare: 255. */
  scriptName: 255,
  /** Bytes of all modules of an upload, with their source maps. Cloudflare: 64 MiB, and 10 MiB compressed. */
  uploadBytes: 64 * MIB,
  /** Modules of an upload. Ours. */
  uploadModules: 1_000,
  /** Versions of a script, and of a workflow, that are kept although nothing needs them: the newest. Cloudflare: 100. */
  versions: 100,
  /** Clients that follow the logs of one script. Cloudflare: 10. */
  tails: 10,
  /** Files on their way at once. Ours. */
  transfers: 100,
  /** Bytes of files on their way. Ours. */
  transferBytes: 256 * 1024 * 1024,
  /** How long a file may be on its way. Cloudflare: an hour. */
  transferMs: 60 * 60 * 1000,
  /** Concurrency keys of the account. Ours. */
  concurrencyKeys: 100,
  /** Cron triggers of all scripts. Cloudflare: 5 on a free plan, 250 on a paid one. */
  cronTriggers: 250,
  /** Milliseconds that a scheduled or a queue handler may take. Cloudflare: 15 minutes. */
  handlerMs: 15 * 60 * 1000,
  /** Bytes of a message's body. Cloudflare: 128 KB. */
  queueMessageBytes: 128_000,
  /** Messages that are sent, delivered or pulled together. Cloudflare: 100. */
  queueBatch: 100,
  /** Bytes of messages that are sent together. Cloudflare: 256 KB. */
  queueBatchBytes: 256_000,
  /** Seconds that a message may be held back. Cloudflare: 24 hours. */
  queueDelaySeconds: 24 * 60 * 60,
  /** Seconds that a message is kept when the queue does not say. Cloudflare: 4 days. */
  queueRetentionSeconds: 4 * 24 * 60 * 60,
  /** Seconds that a queue may keep messages. Cloudflare: 14 days. */
  queueRetentionCeilingSeconds: 14 * 24 * 60 * 60,
  /** Times that a message is delivered again. Cloudflare: 100. */
  queueRetries: 100,
  /** Milliseconds that a batch may wait for more messages. Cloudflare: 60 seconds. */
  queueWaitMs: 60 * 1000,
  /** Batches of a queue that may be in flight at once. Cloudflare: 250. */
  queueConcurrency: 250,
  /** Milliseconds that a pulled message may stay with its consumer. Cloudflare: 12 hours. */
  queueVisibilityMs: 12 * 60 * 60 * 1000,
  /** Queues of the account. Cloudflare: 10,000. */
  queues: 10_000,
  /** Event subscriptions of an account. */
  eventSubscriptions: 1_000,
  /** Keys whose counts are held for each of the two periods of rate limits; the least recently used goes first. Ours. */
  rateLimitKeys: 100_000,
  /** Characters of such a key. Ours. */
  rateLimitKey: 16 * KIB,
  /** Stores of secrets. Cloudflare: 1. */
  secretsStores: 100,
  /** Secrets of a store. Cloudflare: 100. */
  storeSecrets: 1_000,
  /** Bytes of the value of a secret in a store. Cloudflare: 64 KiB. */
  storeSecretBytes: 64 * KIB,
  /** Data points that are kept of a dataset: the newest. Cloudflare: those of three months. */
  dataPoints: 10_000,
  /** Data points in one answer. Ours. */
  dataPointsShown: 1_000,
  /** Datasets that are kept: those that were written last. Ours. */
  datasets: 100,
  /** Blobs, and as many doubles, of a data point. Cloudflare: 20. */
  dataPointFields: 20,
  /** Bytes of all blobs of a data point. Cloudflare: 16 KB. */
  dataPointBlobBytes: 16 * KIB,
  /** Bytes of the index of a data point. Cloudflare: 96. */
  dataPointIndexBytes: 96,
  /** Event triggers of a script. Cloudflare: 100. */
  triggers: 100,
  /** Targets of an event trigger. Cloudflare: 100. */
  triggerTargets: 100,
  /** Characters of a text in the filter of an event trigger. Cloudflare: 1,024. */
  triggerFilter: 1_024,
  /** Bytes of params, of an event's payload, of a step's result and of an instance's output (`valueBytes`). Cloudflare: 1 MiB. */
  valueBytes: MIB,
  /** Characters of the text of such a value: a control character is one byte and written with six, a null up to eight. Ours. */
  valueText: 8 * MIB,
  /** How deep objects, arrays, maps and sets may be nested in such a value. Ours. */
  valueDepth: 500,
  /** Bytes of the body of a request, where its endpoint does not say otherwise. Ours. */
  bodyBytes: 256 * KIB,
  /** Bytes of the body of a login. Ours. */
  loginBodyBytes: 8 * KIB,
  /** Bytes of a body around one value: as JSON with escapes a value is longer than it counts. Ours. */
  valueBodyBytes: 8 * MIB,
  /** Bytes of the body of a batch of instances or of messages. Ours. */
  batchBodyBytes: 16 * MIB,
  /** Bytes of a key of KV, in UTF-8. Cloudflare: 512. */
  kvKeyBytes: 512,
  /** Keys of KV that one request writes, reads or deletes. Cloudflare: 10,000. */
  kvBulk: 10_000,
  /** Bytes of the body of a request with one value of KV: 25 MiB, Cloudflare's limit of the value, and what a form adds. Ours. */
  kvBodyBytes: 26 * MIB,
  /** Bytes of the body of a write of many values to KV. Cloudflare: 100 MB. */
  bulkBodyBytes: 100 * MIB,
  /** Bytes of the form of a deployment, or of static assets. Ours. */
  uploadBodyBytes: 80 * MIB,
  /** Bytes of an object of R2 or of a file of D1, sent as it is. Ours. */
  objectBodyBytes: 110 * MIB,
  /** Parts of a multipart form. Ours. */
  formParts: 5_000,
  /** Bytes of all request bodies that are held in memory at once. Ours. */
  bodiesBytes: 256 * MIB,
  /** Milliseconds that a body may take to arrive, besides what `bodyBytesPerSecond` allows it. Ours. */
  bodyMs: 30_000,
  /** The least pace of a body that is held in memory. Ours. */
  bodyBytesPerSecond: 16 * KIB,
  /** Milliseconds that the headers of a request may take to arrive. Ours. */
  headersMs: 20_000,
  /** Milliseconds without a byte, in either direction, after which a client whose turn it is loses its connection. Ours. */
  stalledMs: 120_000,
  /** Milliseconds that a request may take to arrive as a whole, however steadily. Ours. */
  requestMs: DAY_MS,
  /** Authenticated requests that read, and as many that change something, which are answered at once. Ours. */
  requestsAtOnce: 512,
  /** `step.do` calls of one instance unless the workflow says otherwise. Cloudflare: 10,000. */
  steps: 10_000,
  /** The highest number that a workflow may ask for. Cloudflare: 25,000. */
  stepsCeiling: 25_000,
  /** Longest sleep and longest wait: a year, however it is written. "1 year" is 365.25 days. Cloudflare: 365 days (1 year). */
  waitMs: 366 * DAY_MS,
  /** Longest time for which an ended instance may be kept. Cloudflare: 30 days; here it is the user's own disk. */
  retentionMs: 3_650 * DAY_MS,
  /** How long an ended instance is kept by default. Cloudflare, for new workflows on a paid plan: 7 days. */
  defaultRetentionMs: 7 * DAY_MS,
  /** Retries of one step. Cloudflare: 10,000. */
  retries: 10_000,
  /** Milliseconds that a delay function may take. Cloudflare: 5,000. */
  delayFunctionMs: 5_000,
  /** Items of a batch. Cloudflare: 100. */
  batch: 100,
  /** Queued instances of all workflows together, unless the server is configured otherwise. Cloudflare: 2,000,000. */
  queued: 2_000_000,
  /** Items of a page of a list. Cloudflare: 100. */
  page: 100,
  /** Of each kind that a search finds at the most. Ours. */
  searchFound: 10,
  /** Workflows in which a search looks for instances, the newest: one step down an index for each. Ours. */
  searchWorkflows: 500,
  /** Characters of an output in an instance's log. Cloudflare: 1,024. */
  logOutput: 1_024,
  /** Characters of one message that user code writes; the rest of it is cut off. Ours. */
  logLine: 8 * KIB,
  /** Messages that are kept of an instance: the newest. Ours. */
  logLines: 1_000,
  /** Steps that are named when it is asked what an instance waits for: those that are due first. Ours. */
  waitsShown: 100,
  /** Characters of the messages that are kept of an instance. Ours. */
  logText: 256 * KIB,
  /** Characters of an error's message that are recorded; the rest of it is cut off. Ours. */
  errorText: 64 * KIB,
  /** Characters of an error's name that are recorded. Ours. */
  errorName: 256,
  /** Characters of an error's message that lists show and search. Ours. */
  errorMessage: 1_024,
  /** Characters of the name of the function that threw. Ours. */
  errorFrame: 100,
  /** Characters of a text to look for in errors. Ours. */
  errorSearch: 200,
  /** Bulk actions that run at once. Ours. */
  actions: 10,
  /** Actions that are remembered after they have ended: the newest. Ours. */
  actionsKept: 100,
  /** Instances that a list with filters counts one by one. Ours. */
  matchesCounted: 10_000,
  /** Browsers that are logged in; the oldest makes room for one too many. Ours. */
  sessions: 1_000,
  /** Logins that may fail in a minute from one address; of IPv6, from one network of 64 bits. Ours. */
  failedLogins: 20,
  /** The longest that a login waits because others under the same name have failed, in milliseconds. Ours. */
  loginDelayMs: 5_000,
  /** Passwords that wait to be compared; beyond that the one that has waited for the longest is refused. Ours. */
  waitingLogins: 100,
  /** Tokens. Ours. */
  tokens: 1_000,
  /** Characters of what a token is called. Ours. */
  tokenLabel: 100,
  /** People who have a password. Ours. */
  users: 1_000,
  /** Characters of the name of a user. Ours. */
  userName: 64,
  /** The fewest characters of a password. Ours. */
  passwordMin: 8,
  /** The most characters of a password. Ours. */
  passwordMax: 256,
  /** Bytes of an email that a Worker sends. Cloudflare: 5 MiB. */
  emailBytes: 5 * MIB,
  /** Who may get one email. Cloudflare: 50. */
  emailRecipients: 50,
  /** Characters of each part of an email that are kept. Ours. */
  emailText: 16 * KIB,
  /** Emails that are being delivered at once. Ours. */
  emailsAtOnce: 50,
  /** Characters of all emails that are being delivered at once, as they come from Workers. Ours. */
  emailsAtOnceText: 64 * MIB,
  /** Emails that are kept, the newest. Ours. */
  emailsKept: 1_000,
  /** Bytes of all images that are changed together. Ours. Cloudflare: 100 MB of an image that it fetches. */
  imageBytes: 20_000_000,
  /** Pixels of all images that are changed together. Cloudflare: 100 megapixels of each. */
  imagePixels: 100_000_000,
  /** Pixels of a side that an image is given. Cloudflare: 12,000. */
  imageSide: 12_000,
  /** Factors of brightness, contrast and saturation. Ours. */
  imageFactor: 100,
  /** Images that become one. Ours. */
  imagesTogether: 20,
  /** Changes on the way to one image. Ours. */
  imageSteps: 100,
  /** Milliseconds that an image may wait and be worked on. Ours. */
  imageMs: 20_000,
  /** Images that are worked on at once. Ours. */
  imagesAtOnce: 2,
  /** Images that wait to be worked on. Ours. */
  imagesWaiting: 100,
  /** Images of all Workers that are on their way or worked on, and their bytes. Ours. */
  imagesHeld: 200,
  imagesHeldBytes: 256 * MIB,
  /** Milliseconds after which an image is given up that its Worker sends or reads no more of. Ours. */
  imageIdleMs: 30_000,
  /** Bytes of an image in one message. Ours. */
  imagePartBytes: MIB,
  /** Entries of the audit log that are kept of each action: the newest. Ours. */
  auditEntries: 10_000,
  /** Refusals of unauthenticated callers that the audit log takes in a minute. Ours. */
  anonymousAuditEntriesPerMinute: 100,
  /** Events that an instance keeps for later waiters. Ours. */
  bufferedEvents: 10_000,
  /** Times in a row that a step, or an instance that starts none, may be lost with a host of its own before it fails. Ours. */
  recoveries: 5,
  /** The same with a host that it shared, which happens when the cause cannot be determined. Ours. */
  sharedRecoveries: 40,
  /** Bytes of outcomes that travel to the runtime at once. Ours. */
  historyWindowBytes: 256 * KIB,
  /** Milliseconds that it may take to read what a deployed script exports, or to draw a workflow's graph. Ours. */
  analysisMs: 20_000,
  /** Characters of a bundle that a graph is drawn from. Ours. */
  graphCode: 4 * MIB,
  /** Pieces of syntax that drawing a graph may look at. Ours. */
  graphVisits: 200_000,
  /** How deep syntax and calls may be nested in what is drawn. Ours. */
  graphDepth: 500,
  /** Characters of a graph, as JSON. Ours. */
  graphJson: MIB,
  /** Characters of a condition or of another piece of source that a graph shows. Ours. */
  graphText: 200,
  /** Bytes of news that are kept for the watchers of an instance or a workflow; shared by all of them. Ours. */
  feedBytes: MIB,
  /** Bytes that a WebSocket holds for a client which does not read them; no more of the journal is read then. Ours. */
  socketBufferBytes: 256 * KIB,
  /** Bytes of a message from a subscriber; what it says is ignored. Ours. */
  socketMessageBytes: 4 * KIB,
  /** WebSockets of all Workers together; each is a connection here and one in workerd. Ours. */
  workerSockets: 4_096,
  /** Characters of the name of a Worker that a worker loader loads. Ours. */
  loadedWorkerName: 256,
  /** Workers that stay loaded under a name, of one isolate. Ours. */
  loadedWorkerNames: 500,
  /** Workers without a name that are in use at once, of one isolate. Ours. */
  loadedWorkersAtOnce: 100,
  /** Bytes of one static asset. Cloudflare: 25 MiB. */
  assetBytes: 25 * MIB,
  /** Static assets of one version. Cloudflare: 20,000, more on a paid plan. */
  assetFiles: 20_000,
  /** Paths in a `_headers` file. Cloudflare: 100. */
  assetHeaderRules: 100,
  /** Redirects with a pattern in a `_redirects` file. Cloudflare: 100. */
  assetRedirectPatterns: 100,
  /** Redirects without one. Cloudflare: 2,000. */
  assetRedirects: 2_000,
  /** Characters of a line in either file. Cloudflare: 2,000. */
  assetRuleCharacters: 2_000,
  /** Bytes of one chunk of a stream that a step returns. Cloudflare: 16 MiB. */
  streamInputBytes: 16 * MIB,
  /** Bytes of one chunk of a stream as it is stored and read. Cloudflare: 256 KiB. */
  streamChunkBytes: 256 * KIB,
  /** Chunks of one stream that are on their way at once, in either direction. Ours. */
  streamWindow: 16,
  /** Bytes of all streams that an instance keeps. Cloudflare: 1 GiB. */
  instanceStreamBytes: 1024 * MIB,
};

/** The limits, by what they limit. */
export const LIMITS: Readonly<Record<keyof typeof limits, number>> = limits;

/** How long `waitForEvent` waits by default. Cloudflare: 24 hours. */
export const DEFAULT_WAIT_MS: number = DAY_MS;
