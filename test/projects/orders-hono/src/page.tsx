import { Home } from "./home";

export const homePage = (environment: string) => <Home environment={environment} />;
