// Bundles the console's scripts into server/static/dist; `--watch` builds again at every change.
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const options = {
  entryPoints: [here("src/console.ts")],
  outdir: here("../server/static/dist"),
  bundle: true,
  minify: true,
  sourcemap: true,
  format: "esm",
  target: ["es2023"],
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, logLevel: "info" });
  await context.watch();
} else {
  await esbuild.build(options);
}
