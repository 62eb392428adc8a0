<?php
// An e-cology by an independent SOAP stack: php -S 127.0.0.1:PORT oa_server.php, with OA_WSDL and OA_STATE set.
$state_file = getenv('OA_STATE');

class WorkflowService
{
    private array $state;

    public function __construct(private string $file)
    {
        $this->state = is_file($file) ? json_decode(file_get_contents($file), true) : ['open' => true, 'acts' => []];
    }

    private function line(): array
    {
        return [
            'requestId' => '7001', 'requestName' => '<b>急诊</b>扩建请示 𠮷 & <1', 'requestLevel' => '1',
            'currentNodeId' => '31', 'currentNodeName' => '院长审批', 'status' => '院长审批',
            'creatorName' => '吕思佳', 'createTime' => '2026-11-22 09:00:00', 'receiveTime' => '2026-11-23 08:30:00',
            'workflowBaseInfo' => ['workflowId' => '9', 'workflowName' => '请示', 'workflowTypeName' => '行政'],
        ];
    }

    private function count(bool $is_box): array
    {
        return ['out' => $is_box && $this->state['open'] ? 1 : 0];
    }

    private function rows(bool $is_box): array
    {
        return ['out' => ['WorkflowRequestInfo' => $is_box && $this->state['open'] ? [$this->line()] : []]];
    }

    public function __call(string $name, array $arguments): array
    {
        if (str_ends_with($name, 'WorkflowRequestCount')) {
            return $this->count(str_contains($name, 'ToDo'));
        }
        if (str_ends_with($name, 'WorkflowRequestList')) {
            return $this->rows(str_contains($name, 'ToDo'));
        }
        throw new SoapFault('Server', "$name is not there");
    }

    public function getUserId($call): array
    {
        return ['out' => $call->in0 === 'workcode' && $call->in1 === '10001' ? '88' : '-1'];
    }

    public function getWorkflowRequest($call): array
    {
        $open = $this->state['open'];
        return ['out' => $this->line() + [
            'submitButtonName' => $open ? '批准' : null, 'rejectButtonName' => $open ? '退回' : null,
            'workflowMainTableInfo' => ['requestRecords' => ['WorkflowRequestTableRecord' => [[
                'recordOrder' => 0,
                'workflowRequestTableFields' => ['WorkflowRequestTableField' => [[
                    'fieldName' => 'je', 'fieldShowName' => '金额', 'fieldValue' => '12', 'fieldShowValue' => '12 元',
                    'fieldHtmlType' => '1', 'view' => true, 'edit' => false, 'fieldOrder' => 0, 'mand' => false,
                ]]],
            ]]]],
            'workflowRequestLogs' => ['WorkflowRequestLog' => array_map(fn ($remark) => [
                'operateDate' => '2026-11-23', 'operateTime' => '09:00:00', 'operatorName' => '欧阳建国',
                'operateType' => '批准', 'nodeName' => '院长审批', 'remark' => $remark,
            ], $this->state['acts'])],
        ]];
    }

    public function submitWorkflowRequest($call): array
    {
        if (!$this->state['open'] || $call->in1 !== 7001 || $call->in2 !== 88) {
            return ['out' => 'failed'];
        }
        $this->state['open'] = false;
        $this->state['acts'][] = $call->in4;
        file_put_contents($this->file, json_encode($this->state));
        return ['out' => 'success'];
    }
}

$server = new SoapServer(getenv('OA_WSDL'), ['cache_wsdl' => WSDL_CACHE_NONE, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$server->setObject(new WorkflowService($state_file));
$server->handle();
