interface Env {
  SHOP_NAME: string;
  CARTS: KVNamespace;
  CHECKOUT: Workflow;
}
declare module "virtual:react-router/server-build";
