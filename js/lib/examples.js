// The examples of docs/protocol.md as its tables.
export function tables(examples) {
  const section = (title, chosen) => {
    const rows = chosen.map(({ name, text, hex, kind, fields }) => `| ${name} | ${code(text, hex)} | ${meaning(kind, fields)} |`);
    return `### ${title}\n\n| | on the wire | |\n|---|---|---|\n${rows.join("\n")}\n`;
  };
  const of = (form, direction) => examples.filter((example) => example.form === form && example.direction === direction);
  const isError = ({ kind }) => kind === "error";
  return [
    section("wsgen.1, to the service", of("wsgen.1", "to-server").filter((example) => !isError(example))),
    section("wsgen.1, to the service, and refused", of("wsgen.1", "to-server").filter(isError)),
    section("wsgen.1, to the client", of("wsgen.1", "to-client")),
    section("Raw, to the service", of("raw", "to-server")),
    section("Raw, to the client", of("raw", "to-client")),
  ].join("\n");
}

function code(text, hex) {
  return `\`${text === undefined ? hex : JSON.stringify(text).replaceAll("|", "\\|")}\``;
}

function meaning(kind, fields) {
  const members = Object.entries(fields).map(([name, value]) => `${name.replace("_hex", "")} ${typeof value === "string" && name.endsWith("_hex") ? value : JSON.stringify(value)}`);
  return [kind, members.join(", ")].filter(Boolean).join(": ").replaceAll("|", "\\|");
}
