import { index, route, type RouteConfig } from "@react-router/dev/routes";

export default [
  index("routes/home.tsx"),
  route("checkout/:id", "routes/checkout.tsx"),
  route("api/checkout/:id", "routes/api.checkout.ts"),
] satisfies RouteConfig;
