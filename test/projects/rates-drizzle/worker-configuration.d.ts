interface Env {
  DB: D1Database;
  REFRESH_RATES: Workflow;
  BASE_CURRENCY: string;
  SYMBOLS: string[];
}
