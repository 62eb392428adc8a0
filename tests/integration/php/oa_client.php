<?php
// A caller of the simulated OA by an independent SOAP stack: php oa_client.php WSDL STAFF_NUMBER; prints JSON.
[, $wsdl, $staff_no] = $argv;
$oa = new SoapClient($wsdl, ['cache_wsdl' => WSDL_CACHE_NONE, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$user = (int) $oa->getUserId(['in0' => 'workcode', 'in1' => $staff_no])->out;
$list = $oa->getToDoWorkflowRequestList(['in0' => 1, 'in1' => 20, 'in2' => 0, 'in3' => $user, 'in4' => null]);
$rows = $list->out->WorkflowRequestInfo;
$number = (int) $rows[0]->requestId;
$one = $oa->getWorkflowRequest(['in0' => $number, 'in1' => $user, 'in2' => 0])->out;
$fields = $one->workflowMainTableInfo->requestRecords->WorkflowRequestTableRecord[0]
    ->workflowRequestTableFields->WorkflowRequestTableField;
$answer = $oa->submitWorkflowRequest([
    'in0' => ['requestId' => (string) $number], 'in1' => $number, 'in2' => $user, 'in3' => 'submit', 'in4' => '同意 𠮷 &lt;1&gt;',
])->out;
try {
    $oa->__soapCall('getWorkflowRequest', [['in0' => 'x']]);
    $fault = 'none';
} catch (SoapFault $error) {
    $fault = get_class($error);
}
echo json_encode([
    'titles' => array_map(fn ($row) => $row->requestName, $rows),
    'count' => $oa->getToDoWorkflowRequestCount(['in0' => $user, 'in1' => null])->out,
    'field' => [$fields[0]->fieldShowName, $fields[0]->fieldShowValue],
    'remarks' => array_map(fn ($log) => $log->remark ?? '', $one->workflowRequestLogs->WorkflowRequestLog),
    'answer' => $answer,
    'fault' => $fault,
], JSON_UNESCAPED_UNICODE);
