import { isSecretName } from "../redaction/names.ts";
import { Operation } from "./operation.ts";
import type { OperationObject, ParameterObject } from "./operation.ts";
import type { Template } from "./paths.ts";
import { Budget, sortedByKey } from "./schema.ts";
import { camelCase, capitalised, parameterName } from "./segments.ts";
import { Texts } from "./texts.ts";

export const METHODS = [
  "get",
  "put",
  "post",
  "delete",
  "options",
  "head",
  "patch",
  "trace",
] as const;
export type Method = (typeof METHODS)[number];

export type PathItem =
  & { servers?: { url: string }[]; parameters?: ParameterObject[] }
  & { [M in Method]?: OperationObject };

/** A path as the document spells it: `/users/{userId}`. Equal templates are spelled equally. */
export function spelledPath({ segments }: Template): string {
  const names = parameterNames(segments);
  return segments.map((segment) =>
    typeof segment === "string" ? `/${segment}` : `/{${names.shift()!}}`
  ).join("");
}

/** One path: of one template, or of the same on several servers. */
export function pathItem(templates: Template[]): PathItem {
  const operations = new Map<string, Operation>();
  for (const [method, operation] of templates.flatMap(({ operations }) => operations)) {
    const merged = operations.get(method) ?? new Operation(new Budget(Infinity));
    merged.absorb(operation);
    operations.set(method, merged);
  }
  const parameters = pathParameters(templates);
  return {
    ...(parameters.length > 0 && { parameters }),
    ...Object.fromEntries(
      sortedByKey(operations).map(([method, operation]) => [method, operation.describe()]),
    ),
  };
}

/** A name for generated code: `getUsersByUserId`. */
export function operationId(method: string, path: string): string {
  const words = path.split("/").filter((segment) => segment !== "").map((segment) => {
    const name = /^\{(.*)\}$/.exec(segment)?.[1];
    return name === undefined ? capitalised(camelCase(segment)) : `By${capitalised(name)}`;
  });
  return method + words.join("");
}

function pathParameters(templates: Template[]): ParameterObject[] {
  const { segments } = templates[0]!;
  const names = parameterNames(segments);
  const places = segments.flatMap((segment, at) => typeof segment === "string" ? [] : [at]);
  return places.map((at, index) => {
    const values = new Texts();
    for (const { segments } of templates) values.absorb(segments[at] as Texts);
    const before = segments[at - 1];
    const secret = typeof before === "string" && isSecretName(before);
    return {
      name: names[index]!,
      in: "path",
      required: true,
      schema: values.spelledSchema(secret),
    };
  });
}

function parameterNames(segments: Template["segments"]): string[] {
  const names = new Set<string>();
  for (const [at, segment] of segments.entries()) {
    if (typeof segment === "string") continue;
    const before = segments[at - 1];
    names.add(parameterName(typeof before === "string" ? before : undefined, names));
  }
  return [...names];
}
