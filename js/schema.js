// Reads specs as an editor does: node schema.js < {"schema": …, "specs": [text, …]}. Prints, for each spec, by whom it is refused:
// "yaml", "schema", or "" for nobody, and why. The parser is that of the YAML language server.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { parseDocument } from "yaml";

const { schema, specs } = JSON.parse(readFileSync(0, "utf8"));
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
ajv.addVocabulary(["errorMessage", "patternErrorMessage"]);
const validate = ajv.compile(schema);

function judge(text) {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false });
  if (document.errors.length > 0) {
    return { by: "yaml", why: document.errors[0].message };
  }
  let value;
  try {
    value = document.toJS();
  } catch (error) {
    return { by: "yaml", why: error.message };
  }
  return validate(value) ? { by: "", why: "" } : { by: "schema", why: ajv.errorsText(validate.errors) };
}

console.log(JSON.stringify(specs.map(judge)));
