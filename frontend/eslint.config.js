// Strictest sets with type information; every exception below has its reason.
import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["src/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      // tsc's noPropertyAccessFromIndexSignature asks for dataset["name"].
      "@typescript-eslint/dot-notation": "off",
      // A getter and a setter of one name belong together; the rule cannot know our types.
      "@typescript-eslint/strict-boolean-expressions": ["error", { allowNullableObject: true }],
    },
  },
  {
    // Build scripts run in Node.js.
    files: ["*.js"],
    languageOptions: { globals: { process: "readonly", URL: "readonly", console: "readonly" } },
  },
);
