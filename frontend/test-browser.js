// Unpacks what the browser tests need, out of npm packages, into the folder given as the only argument:
//   chromium     the executable, beside it its graphics libraries
//   al2023/lib   system libraries (NSS) that a bare machine lacks
//   fonts.conf   tells fontconfig of the one font in glyphs/, so that every machine draws the same text
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const FONT = "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf";

const target = resolve(process.argv[2]);
const glyphs = join(target, "glyphs");
await mkdir(glyphs, { recursive: true });
// The package unpacks into the folder for temporary files and decides on it while it is imported.
process.env.TMPDIR = target;
const { default: chromium, inflate } = await import("@sparticuz/chromium");

const require = createRequire(import.meta.url);
const packed = join(dirname(require.resolve("@sparticuz/chromium")), "..", "bin");
await chromium.executablePath();
await inflate(join(packed, "al2023.tar.br"));
await copyFile(require.resolve(FONT), join(glyphs, "NotoSansSC.ttf"));
await writeFile(
  join(target, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>${glyphs}</dir>
  <cachedir>${join(target, "font-cache")}</cachedir>
</fontconfig>
`,
);
