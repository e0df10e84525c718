import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { StoryManifests } from '../src/story-manifests.ts';
import { bookManifests } from '../src/topology.ts';

async function book(t: Test): Promise<StoryManifests> {
  const manifests = await StoryManifests.copy(bookManifests, 'service-web-lb');
  t.teardown(() => manifests.remove());
  return manifests;
}

t.test('a Service comes and goes with its file, its Deployment is scaled by replicas', async (t) => {
  const manifests = await book(t);
  const service = join(manifests.folder, '32-service-web-lb.yaml');
  const deployment = join(manifests.folder, '20-deploy-webserver.yaml');
  t.notOk(existsSync(service), 'the story begins without it');
  t.ok(existsSync(join(bookManifests, '32-service-web-lb.yaml')), 'and leaves what it copied alone');
  await manifests.set(2);
  t.equal(readFileSync(service, 'utf8'), readFileSync(join(bookManifests, '32-service-web-lb.yaml'), 'utf8'));
  t.match(readFileSync(deployment, 'utf8'), /^# Scale by changing replicas/, 'comments stay');
  t.match(readFileSync(deployment, 'utf8'), / {2}replicas: 2\n/);
  t.match(readFileSync(deployment, 'utf8'), /kind: Pod\n/, 'and so does what else is in the file');
  t.equal(
    manifests.announcement(2),
    '32-service-web-lb.yaml is there, replicas: 2 in 20-deploy-webserver.yaml',
  );
  await manifests.set(0);
  t.notOk(existsSync(service));
});

t.test('the pods are known before they are there', async (t) => {
  const pods = (await book(t)).pods(2);
  t.same(
    pods.map(({ node }) => node),
    ['cent222', 'cent333'],
  );
  for (const { name } of pods) t.match(name, /^webserver-[a-z0-9]{10}-[a-z0-9]{5}$/);
});

t.test(
  'a story without its Service, without pods behind it, or with a wrong manifest is refused',
  async (t) => {
    await t.rejects(StoryManifests.copy(bookManifests, 'other'), /no manifest has a Service other/);
    const folder = t.testdir({});
    const service = readFileSync(join(bookManifests, '32-service-web-lb.yaml'), 'utf8');
    writeFileSync(join(folder, 'service.yaml'), service);
    await t.rejects(StoryManifests.copy(folder, 'service-web-lb'), /no Deployment stands behind/);
    writeFileSync(join(folder, 'twice.yaml'), `${service}---\n${service.replace('web-lb', 'web')}`);
    writeFileSync(join(folder, 'service.yaml'), 'a: [');
    await t.rejects(StoryManifests.copy(folder, 'service-web-lb'), /service\.yaml:\d+:\d+/);
    writeFileSync(join(folder, 'service.yaml'), '');
    await t.rejects(
      StoryManifests.copy(folder, 'service-web-lb'),
      /twice\.yaml: .* must have a file of its own/,
    );
    await t.rejects(StoryManifests.copy('/nonexistent', 'service-web-lb'), /ENOENT/);
  },
);
