/** Where scripts can be reached besides `<script>.localhost`, as deployments ask for it. */

/** A host name that a script answers under. */
export interface HostName {
  readonly hostName: string;
  readonly script: string;
}

/** A pattern of host and path; requests that fit it are for a script. */
export interface Route {
  readonly pattern: string;
  readonly script: string;
}

/** They are asked for with every request: each answer is the same list until it changes. */
export interface Addresses {
  hostNames(): Promise<readonly HostName[]>;
  routes(): Promise<readonly Route[]>;
}
