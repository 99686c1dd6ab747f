#!/usr/bin/env python3
"""Makes what stands around a service, in moto: a load balancer with two rules, a target group with a
target, auto scaling with a policy and a scheduled action, metrics, and services behind a Gateway Load
Balancer, a Classic Load Balancer, a Network Load Balancer and a target group that was deleted.

    moto_around.py ENDPOINT
"""

import datetime
import sys

import boto3

REGION = "us-east-1"


def client(service):
    return boto3.client(service, region_name=REGION, endpoint_url=sys.argv[1])


ec2, elb, ecs = client("ec2"), client("elbv2"), client("ecs")
vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
subnets = [
    ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"][
        "SubnetId"
    ]
    for i, zone in enumerate("ab")
]
firewall = ec2.create_security_group(GroupName="shop", Description="shop", VpcId=vpc)["GroupId"]
group = elb.create_target_group(
    Name="shop", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip"
)["TargetGroups"][0]["TargetGroupArn"]
balancer = elb.create_load_balancer(Name="front", Subnets=subnets, Type="application")[
    "LoadBalancers"
][0]["LoadBalancerArn"]
other = elb.create_target_group(Name="other", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")[
    "TargetGroups"
][0]["TargetGroupArn"]
listener = elb.create_listener(
    LoadBalancerArn=balancer,
    Protocol="HTTP",
    Port=80,
    DefaultActions=[{"Type": "forward", "TargetGroupArn": other}],
)["Listeners"][0]["ListenerArn"]
elb.create_rule(
    ListenerArn=listener,
    Priority=10,
    Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
    Actions=[{"Type": "forward", "TargetGroupArn": group}],
)
elb.create_rule(
    ListenerArn=listener,
    Priority=20,
    Conditions=[{"Field": "host-header", "Values": ["shop.example.com"]}],
    Actions=[{"Type": "forward", "TargetGroupArn": group}],
)
elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.1.0.7", "Port": 8080}])

ecs.create_cluster(clusterName="c0")
ecs.register_task_definition(
    family="shop",
    networkMode="awsvpc",
    requiresCompatibilities=["FARGATE"],
    cpu="256",
    memory="512",
    containerDefinitions=[{"name": "app", "image": "shop:1", "portMappings": [{"containerPort": 8080}]}],
)
ecs.create_service(
    cluster="c0",
    serviceName="shop",
    taskDefinition="shop",
    desiredCount=2,
    launchType="FARGATE",
    loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
    networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [firewall]}},
)
ecs.create_service(cluster="c0", serviceName="plain", taskDefinition="shop", desiredCount=1)


def service_behind(name, **balancer):
    ecs.create_service(
        cluster="c0",
        serviceName=name,
        taskDefinition="shop",
        desiredCount=1,
        loadBalancers=[{"containerName": "app", "containerPort": 8080, **balancer}],
    )


def behind_balancer(name, kind, protocol, port):
    """A service behind a load balancer of that kind, whose only listener leads to it."""
    arn = elb.create_target_group(
        Name=name, Protocol=protocol, Port=port, VpcId=vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    balancer = elb.create_load_balancer(Name=name, Subnets=subnets, Type=kind)["LoadBalancers"][0]
    # A gateway's listener has neither protocol nor port.
    where = {} if kind == "gateway" else {"Protocol": protocol, "Port": port}
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        **where,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.1.0.9", "Port": port}])
    service_behind(name, targetGroupArn=arn)


behind_balancer("gateway", "gateway", "GENEVE", 6081)
behind_balancer("network", "network", "TCP", 5432)
service_behind("classic", loadBalancerName="old")
gone = elb.create_target_group(Name="gone", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")[
    "TargetGroups"
][0]["TargetGroupArn"]
service_behind("orphan", targetGroupArn=gone)
elb.delete_target_group(TargetGroupArn=gone)

scaling = client("application-autoscaling")
where = dict(
    ServiceNamespace="ecs", ResourceId="service/c0/shop", ScalableDimension="ecs:service:DesiredCount"
)
scaling.register_scalable_target(MinCapacity=2, MaxCapacity=10, **where)
scaling.put_scaling_policy(
    PolicyName="cpu",
    PolicyType="TargetTrackingScaling",
    TargetTrackingScalingPolicyConfiguration={
        "TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    },
    **where,
)
scaling.put_scheduled_action(
    ScheduledActionName="night",
    Schedule="cron(0 22 * * ? *)",
    ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 3},
    **where,
)

now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
dimensions = [{"Name": "ClusterName", "Value": "c0"}, {"Name": "ServiceName", "Value": "shop"}]
for minutes in (3, 4):
    for name, values in (("CPUUtilization", (10.0, 30.0)), ("MemoryUtilization", (40.0, 42.0))):
        for value in values:
            client("cloudwatch").put_metric_data(
                Namespace="AWS/ECS",
                MetricData=[
                    {
                        "MetricName": name,
                        "Dimensions": dimensions,
                        "Value": value,
                        "Timestamp": now - datetime.timedelta(minutes=minutes),
                    }
                ],
            )
