import t from 'tap';
import { UsageError } from '../src/command.ts';
import { jsonPathText } from '../src/commands/object/json-path.ts';

const value = {
  name: 'web',
  'dotted.key': 1,
  list: [
    { name: 'a', port: 80, up: true },
    { name: 'b', port: 90 },
    { name: 'c', port: 90, deep: { er: 'x' } },
  ],
  nothing: null,
  '*': '^',
  'a,b': ',',
  'name~': '~',
};

t.test('templates are what kubectl makes of them', (t) => {
  for (const [template, text] of [
    ['plain', 'plain'],
    ['{.name}', 'web'],
    ['{$.name}', 'web'],
    ['{ .name }!', 'web!'],
    ['{.list[0].name},{.list[-1].name}', 'a,c'],
    ['{.list[*].name}', 'a b c'],
    ['{.list[1:].name}', 'b c'],
    ['{.list[:2].name}', 'a b'],
    ["{['dotted.key']}", '1'],
    ['{.dotted\\.key}', '1'],
    ['{.list[?(@.port==90)].name}', 'b c'],
    ['{.list[?(@.port!=90)].name}', 'a'],
    ['{.list[?(@.name=="c")].deep}', '{"er":"x"}'],
    ['{.list[?(@.deep.er=="x")].name}', 'c'],
    ['{.list[?(@.up)].name}', 'a'],
    ['{.missing.deeper[3]}', ''],
    ['{.nothing}', 'null'],
    ['{range .list[*]}{.name}:{@.port}{"\\t"}{end}', 'a:80\tb:90\tc:90\t'],
    ['{range .list[*]}[{range .deep.*}{@}{end}]{end}', '[][][x]'],
    ['{"}"}', '}'],
    ['{.list[3].name}', ''],
    ['{.list[-2].name}{.list[-9].name}', 'b'],
    ['{.list[0,2].name}', 'a c'],
    ['{.list[0,-1].name}', 'a c'],
    ['{.list[0:3:2].name}', 'a c'],
    ['{.list[-2:].name}', 'b c'],
    ['{..er}', 'x'],
    ['{..name}', 'web a b c'],
    ['{..[0].name}', 'a'],
    ['{..[?(@.up)].name}', 'a'],
    ['{.list[?(@.port>80)].name}', 'b c'],
    ['{.list[?(@.port<=80)].name}', 'a'],
    ["{.list[?(@['name']=='a@parent.net')]}", ''],
    ['{.list[?(@.deep.er!="y")].name}', 'c'],
    ["{.list[0]['name']}{'}'}", 'a}'],
    ['{.constructor}{.toString}{.name.length}', ''],
    // Not what they mean to the library.
    ["{['*']}{.name~}{.list~}{['a,b']}{['@string()']}", '^~,'],
  ] as const)
    t.equal(jsonPathText(template, value), text, template);
  t.end();
});

t.test('what is no template is refused with what is wrong in it', (t) => {
  for (const [template, why] of [
    ['{.name', /"\{" without its other half/],
    ['name}', /"\}" without its other half/],
    ['{...name}', /"\.\.\.name" is not understood/],
    ['{.list[?(@.port>1 || true)]}', /is not understood/],
    ['{.list[?(process.exit(3))]}', /is not understood/],
    ['{.list[(@.length-1)]}', /is not understood/],
    ['{.name^}', /"\^" is not understood/],
    ["{['a;b']}", /is not understood/],
    ['{.list[}', /"\[" is not understood/],
    ['{range .list[*]}', /\{range\} without \{end\}/],
    ['{end}', /\{end\} without \{range\}/],
    ['{"\\x"}', /is no text between quotes/],
    ['{name}', /"name" is not understood/],
  ] as const)
    t.throws(() => jsonPathText(template, value), { constructor: UsageError, message: why }, template);
  t.end();
});
