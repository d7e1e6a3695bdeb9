// Bundles the console's scripts into server/static/dist, and puts the font of the case bundle's sheet there;
// `--watch` builds again at every change.
import { copyFileSync, mkdirSync } from "node:fs";
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

// Python writes the PDF; it needs one Chinese font as a file, and packages with one come from npm.
const font = "NotoSansSC_400Regular.ttf";
const fonts = here("../server/static/dist/fonts");
mkdirSync(fonts, { recursive: true });
copyFileSync(here(`node_modules/@expo-google-fonts/noto-sans-sc/400Regular/${font}`), `${fonts}/${font}`);

if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, logLevel: "info" });
  await context.watch();
} else {
  await esbuild.build(options);
}
