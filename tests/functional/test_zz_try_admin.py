import time, json, uuid, pyotp, pytest
from xinglin.auth.breakglass import create_administrator
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService
@pytest.mark.plugins("portal","news")
def test_x(make_portal, sqlite_maker, clock, capsys):
    t=time.time()
    portal = make_portal(database=sqlite_maker.fresh(), plugins=("portal","news"))
    print("build", time.time()-t)
    with portal.session() as (s,a):
        p=create_administrator(s,a,portal.site.keyring,"zhou.min","周敏","correct horse battery",clock=clock)
        people=PeopleService(s,clock,a)
        people.create_department(DepartmentRecord("H","医院"))
        people.create_department(DepartmentRecord("P","儿科","H"))
        people.create(PersonRecord("10021","王丽",department="P",is_confirmed=True))
    b=portal.browser()
    r=b.post_json("/api/admin/v1/login",{"login":"zhou.min","password":"correct horse battery","totp":pyotp.TOTP(p.secret).at(clock.now())},status="*")
    print(r.status, r.text)
    h={"Authorization":"Bearer "+r.json["token"]}
    for u in ("modules","permissions","departments","people","grants","people?q=wl&limit=5","grants?q=wang&state=all"):
        for i in range(2):
            t=time.time(); r=b.get("/api/admin/v1/"+u,headers=h,status="*"); dt=time.time()-t
        print(u, r.status, round(dt*1000,1), r.json)
    import cProfile,pstats
    pr=cProfile.Profile(); pr.enable()
    for i in range(10): b.get("/api/admin/v1/people?q=wl&limit=5",headers=h)
    pr.disable(); pstats.Stats(pr).sort_stats("cumtime").print_stats(35)
    for u in ("people?limit=0","people?q=%ff","people?q=%00","people/","nix"):
        r=b.get("/api/admin/v1/"+u,headers=h,status="*"); print(u,r.status,r.content_type,r.text[:300])
    r=b.request("/api/admin/v1/people",method="HEAD",headers=h,status="*"); print("HEAD",r.status,r.headers)
    r=b.put_json("/api/admin/v1/people",{},headers=h,status="*"); print("PUT",r.status,r.headers.get("Allow"),r.text)
    pid=b.get("/api/admin/v1/people?q=wl",headers=h).json["people"][0]["id"]
    r=b.post_json("/api/admin/v1/grants",{"person_id":pid,"permission":"news:publish","object":None,"department_ids":[],"expires_on":"2026-01-01"},headers=h|{"Idempotency-Key":str(uuid.uuid4())},status="*"); print(r.status,r.text)
    r=b.post_json("/api/admin/v1/grants",{"person_id":pid},headers=h,status="*"); print(r.status,r.text)
    r=b.get("/api/admin/v1/people",status="*"); print(r.status,r.text)
    r=b.get("/api/admin/v1/openapi.yaml",status="*",headers=h); print(r.status,r.text[:50])
