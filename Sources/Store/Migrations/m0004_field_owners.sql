-- Lock impact: the rows of objects with annotations that people set beside a file are rewritten.

-- What people hold of an object is told field by field; before, it was the names of annotations. Who set them was not
-- written down.
UPDATE objects t SET origin = (origin - 'doorAnnotations') || jsonb_build_object('owners', jsonb_build_array(
    jsonb_build_object(
        'name', 'control', 'operation', 'Update',
        'time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'fields', jsonb_build_object('f:metadata', jsonb_build_object('f:annotations', (
            SELECT jsonb_object_agg('f:' || a.name, '{}'::jsonb)
            FROM jsonb_array_elements_text(t.origin -> 'doorAnnotations') AS a (name)
        )))::text
    )
))
WHERE t.origin ? 'doorAnnotations' AND jsonb_array_length(t.origin -> 'doorAnnotations') > 0;
