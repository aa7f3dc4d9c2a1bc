import type { FC, PropsWithChildren } from "hono/jsx";

const Layout: FC<PropsWithChildren<{ title: string }>> = ({ title, children }) => (
  <html lang="en">
    <head>
      <title>{title}</title>
    </head>
    <body>{children}</body>
  </html>
);

export const Home: FC<{ environment: string }> = ({ environment }) => (
  <Layout title="Orders">
    <h1>Orders &amp; more</h1>
    <p>{environment}</p>
  </Layout>
);
