// Carries one file with an unmodified tus-js-client, for the interoperability tests. The only argument is JSON:
// {file, endpoint, headers, sha256, chunkSize, tries}. Ends with status 0 when the client says that it is done.
import { createReadStream, statSync } from "node:fs";
import { exit } from "node:process";
import { Upload } from "tus-js-client";

const { file, endpoint, headers, sha256, chunkSize, tries } = JSON.parse(process.argv[2]);
let left = tries;
let address = null;

function begin() {
  const upload = new Upload(createReadStream(file), {
    endpoint,
    headers,
    chunkSize,
    uploadUrl: address,
    uploadSize: statSync(file).size,
    metadata: { sha256 },
    retryDelays: [0, 10, 20, 50],
    onError(error) {
      const status = error.originalResponse?.getStatus() ?? 0;
      address = status === 404 || status === 460 ? null : (upload.url ?? address);
      left -= 1;
      if (left > 0) {
        begin();
      } else {
        console.error(String(error));
        exit(1);
      }
    },
    onSuccess() {
      exit(0);
    },
  });
  upload.start();
}

begin();
