import { ClientReranker, HttpTransport, RerankerClient } from '@sagemaker-reranker/client';
import { ModelError } from '@sagemaker-reranker/models';
import type { TeacherConfig } from '../config.js';
import type { ScoreDocuments } from '../teacher/teacher.js';

/**
 * A container or an endpoint as teacher, through the typed client.
 * @throws ModelError `config_invalid` for any other kind.
 */
export function connectTeacher(teacher: TeacherConfig): ScoreDocuments {
  const reranker = new ClientReranker(teacher.kind, connect(teacher));
  return (query, documents) =>
    reranker.rerank(
      query,
      documents.map((text, i) => ({ id: String(i), text })),
    );
}

function connect(teacher: TeacherConfig): RerankerClient {
  if (teacher.kind === 'container')
    return new RerankerClient({ transport: new HttpTransport({ url: teacher.url }) });
  if (teacher.kind !== 'endpoint')
    throw new ModelError(
      'config_invalid',
      `a teacher of kind ${teacher.kind} is not asked over a connection`,
    );
  const { endpointName, region } = teacher;
  return new RerankerClient({ endpointName, ...(region !== undefined && { region }) });
}
