/* What the public interfaces and classes say of their types, read from the sources, and of those of other packages, from their jsii assemblies. */
import { readFileSync } from 'fs';
import { createRequire } from 'module';
import { dirname, join } from 'path';
import * as ts from 'typescript';

const SRC = join(__dirname, '..', 'src');

/** The packages whose types our interfaces use, by the prefix that they have in the table. */
const PACKAGES: { readonly [prefix: string]: string } = { kplus: 'cdk8s-plus-28', cdk8s: 'cdk8s', constructs: 'constructs' };

/** Names and types of props or parameters; required ones end with "!", the last of a variable number with "...". */
export interface Members {
  readonly [name: string]: string;
}

export interface Struct {
  readonly parents: string[];
  readonly props: Members;
  /** Whether it takes whatever else it is given. */
  readonly open: boolean;
}

export interface Class {
  /** What all its instances have. */
  readonly has: string[];
  /** How one is made. */
  readonly makers: string[];
}

/** All of it, by name. */
export interface PublicTypes {
  readonly structs: Map<string, Struct>;
  readonly enums: Map<string, Array<string | number>>;
  readonly classes: Map<string, Class>;
  readonly doors: Map<string, Members>;
}

export function publicTypes(): PublicTypes {
  const types: PublicTypes = { structs: new Map(), enums: new Map(), classes: new Map(), doors: new Map() };
  for (const [prefix, name] of Object.entries(PACKAGES)) {
    readAssembly(prefix, name, types);
  }
  const index = parse(join(SRC, 'index.ts'));
  for (const statement of index.statements.filter(ts.isExportDeclaration)) {
    readSource(parse(join(SRC, `${(statement.moduleSpecifier as ts.StringLiteral).text}.ts`)), types);
  }
  return types;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf-8'), ts.ScriptTarget.ES2022, true);
}

function readSource(source: ts.SourceFile, types: PublicTypes): void {
  const packages = importedNames(source);
  const typeOf = (node: ts.TypeNode | undefined): string => sourceType(node!, packages);
  for (const statement of source.statements) {
    if (!ts.canHaveModifiers(statement) || !statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) {
      continue;
    }
    if (ts.isInterfaceDeclaration(statement)) {
      const props = statement.members.filter(ts.isPropertySignature)
        .map(prop => [prop.name.getText(), typeOf(prop.type) + (prop.questionToken ? '' : '!')]);
      const parents = (statement.heritageClauses ?? []).flatMap(({ types: all }) => [...all])
        .map(({ expression }) => named(expression.getText(), packages));
      types.structs.set(statement.name.text, { parents, props: Object.fromEntries(props), open: false });
    } else if (ts.isEnumDeclaration(statement)) {
      types.enums.set(statement.name.text, statement.members.map(({ initializer }) => (initializer as ts.StringLiteral).text));
    } else if (ts.isClassDeclaration(statement)) {
      readClass(statement, types, typeOf);
    }
  }
}

function readClass(declaration: ts.ClassDeclaration, types: PublicTypes, typeOf: (node: ts.TypeNode | undefined) => string): void {
  const name = declaration.name!.text;
  const is = (member: ts.Node, kind: ts.SyntaxKind) =>
    (ts.canHaveModifiers(member) ? member.modifiers ?? [] : []).some(modifier => modifier.kind === kind);
  const open = declaration.members.filter(member => !is(member, ts.SyntaxKind.PrivateKeyword) && !is(member, ts.SyntaxKind.ProtectedKeyword));
  const parameters = ({ parameters: all }: ts.SignatureDeclarationBase): Members => Object.fromEntries(all.map(parameter => [parameter.name.getText(),
    parameter.dotDotDotToken ? `${typeOf((parameter.type as ts.ArrayTypeNode).elementType)}...`
      : typeOf(parameter.type ?? undefined) + (parameter.questionToken || parameter.initializer ? '' : '!')]));
  const has: string[] = [];
  const makers: string[] = [];
  const constructor = declaration.members.find(ts.isConstructorDeclaration);
  has.push(...(constructor?.parameters ?? []).filter(p => is(p, ts.SyntaxKind.PublicKeyword) && !p.questionToken).map(p => p.name.getText()));
  if (constructor && open.includes(constructor)) {
    types.doors.set(name, parameters(constructor));
    makers.push(`new ${name}(…)`);
  }
  for (const member of open) {
    const isStatic = is(member, ts.SyntaxKind.StaticKeyword);
    const memberName = member.name?.getText();
    if (memberName === undefined) {
      continue;
    }
    if (!isStatic && !(ts.isPropertyDeclaration(member) && member.questionToken)) {
      has.push(memberName);
    }
    if (ts.isMethodDeclaration(member) && !memberName.startsWith('_') && (isStatic || member.parameters.length > 0)) {
      types.doors.set(`${name}.${memberName}`, parameters(member));
    }
    if (isStatic && ts.isMethodDeclaration(member) && member.type?.getText() === name) {
      makers.push(`${name}.${memberName}(${member.parameters.length > 0 ? '…' : ''})`);
    }
  }
  const isConstruct = declaration.heritageClauses?.some(clause => clause.token === ts.SyntaxKind.ExtendsKeyword);
  types.classes.set(name, { has: [...has, ...(isConstruct ? ['node'] : [])], makers });
}

/** What the imports of a file are called in the table. */
function importedNames(source: ts.SourceFile): Map<string, string> {
  const names = new Map<string, string>();
  for (const statement of source.statements.filter(ts.isImportDeclaration)) {
    const prefix = Object.entries(PACKAGES).find(([, name]) => name === (statement.moduleSpecifier as ts.StringLiteral).text)?.[0];
    const bindings = statement.importClause?.namedBindings;
    if (prefix && bindings && ts.isNamedImports(bindings)) {
      bindings.elements.forEach(({ name }) => names.set(name.text, `${prefix}.${name.text}`));
    }
  }
  return names;
}

function named(name: string, packages: Map<string, string>): string {
  return packages.get(name) ?? name;
}

function sourceType(node: ts.TypeNode, packages: Map<string, string>): string {
  switch (node.kind) {
    case ts.SyntaxKind.StringKeyword: return 'text';
    case ts.SyntaxKind.NumberKeyword: return 'number';
    case ts.SyntaxKind.BooleanKeyword: return 'boolean';
    case ts.SyntaxKind.AnyKeyword: return 'any';
  }
  if (ts.isArrayTypeNode(node)) {
    return `${sourceType(node.elementType, packages)}[]`;
  }
  if (ts.isTypeLiteralNode(node) && node.members.length === 1 && ts.isIndexSignatureDeclaration(node.members[0])) {
    return `${sourceType(node.members[0].type, packages)}{}`;
  }
  if (ts.isTypeReferenceNode(node) && node.typeArguments === undefined) {
    return named(node.typeName.getText(), packages);
  }
  throw new Error(`the table of types knows no ${node.getText()}`);
}

/** Types of an assembly, as far as they are needed here. */
interface AssemblyType {
  readonly kind: string;
  readonly datatype?: boolean;
  readonly name: string;
  readonly base?: string;
  readonly interfaces?: string[];
  readonly members?: Array<{ readonly name: string }>;
  readonly properties?: Member[];
  readonly methods?: Member[];
  readonly initializer?: { readonly parameters?: unknown[] };
}

interface Member {
  readonly name: string;
  readonly optional?: boolean;
  readonly protected?: boolean;
  readonly static?: boolean;
  readonly type: any;
  readonly parameters?: unknown[];
  readonly returns?: { readonly type: { readonly fqn?: string } };
}

function readAssembly(prefix: string, name: string, types: PublicTypes): void {
  const folder = dirname(require.resolve(`${name}/package.json`));
  const assembly: { readonly types: { readonly [fqn: string]: AssemblyType } } = JSON.parse(readFileSync(join(folder, '.jsii'), 'utf-8'));
  const runtime = createRequire(__filename)(name);
  for (const [fqn, type] of Object.entries(assembly.types)) {
    const key = `${prefix}.${type.name}`;
    // Imported Kubernetes types: they check themselves.
    if (fqn.startsWith('cdk8s-plus-28.k8s.')) {
      continue;
    }
    if (type.kind === 'enum') {
      types.enums.set(key, Object.values(runtime[type.name] ?? {}));
    } else if (type.datatype) {
      const props = (type.properties ?? []).map(prop => [prop.name, assemblyType(prop.type) + (prop.optional ? '' : '!')]);
      // jsii does not know of its index signature.
      types.structs.set(key, { parents: (type.interfaces ?? []).map(tableName), props: Object.fromEntries(props), open: fqn === 'cdk8s.ApiObjectMetadata' });
    } else {
      types.classes.set(key, { has: hasOf(fqn, assembly.types, runtime), makers: makersOf(prefix, fqn, assembly.types) });
    }
  }
}

/** What instances have in public, or, with nothing that must be there, what they may have. */
function hasOf(fqn: string, all: { readonly [fqn: string]: AssemblyType }, runtime: any): string[] {
  const members = new Map<string, Member>();
  const visit = (name: string): void => {
    if (name === 'constructs.Construct' || name === 'constructs.IConstruct') {
      members.set('node', { name: 'node', type: {} });
    }
    const type = all[name];
    [...type?.properties ?? [], ...type?.methods ?? []].filter(member => !member.static && !member.protected)
      .forEach(member => members.set(member.name, member));
    [type?.base, ...type?.interfaces ?? []].forEach(parent => parent !== undefined && visit(parent));
  };
  visit(fqn);
  const needed = [...members.values()].filter(member => !member.optional && member.name !== 'toString').map(member => member.name);
  const hidden = Object.getOwnPropertyNames(runtime[all[fqn].name]?.prototype ?? {}).filter(name => name.startsWith('_'));
  return needed.length > 0 ? needed : members.size > 0 ? [[...members.keys()].join('|')] : hidden;
}

function makersOf(prefix: string, fqn: string, all: { readonly [fqn: string]: AssemblyType }): string[] {
  const type = all[fqn];
  const written = (name: string) => prefix === 'kplus' ? `kplus.${name}` : name;
  // An interface is that of a class, which makes what implements it.
  const maker = all[fqn.replace(/\.I([A-Z]\w*)$/, '.$1')] ?? type;
  const makers = (maker.methods ?? []).filter(method => method.static && method.returns?.type.fqn === fqn)
    .map(method => `${written(maker.name)}.${method.name}(${method.parameters ? '…' : ''})`);
  return [...makers, ...(maker.initializer?.parameters && makers.length === 0 || maker !== type ? [`new ${written(maker.name)}(…)`] : [])];
}

function assemblyType(type: any): string {
  if (type.primitive) {
    return ({ string: 'text', number: 'number', boolean: 'boolean' } as { [name: string]: string })[type.primitive] ?? 'any';
  }
  if (type.collection) {
    return assemblyType(type.collection.elementtype) + (type.collection.kind === 'array' ? '[]' : '{}');
  }
  return type.fqn ? tableName(type.fqn) : 'any';
}

function tableName(fqn: string): string {
  return fqn.replace(/^cdk8s-plus-28\./, 'kplus.');
}
