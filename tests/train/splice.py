#!/usr/bin/env python3
"""Make pages of several articles out of labelled pages of one, for training (lines and parts alike).

usage: splice.py TRUTH.json PAGES OUT

TRUTH.json   {id: {"title", "body", "publisher", "language"}} of the pages PAGES/<id>.html
OUT          gets pages/<id>.html and truth.json: {id: {"publishers": [...], "articles": [{"title", "body"}, ...]}}

Behind a page's article stand further ones: real elements of other pages of its publisher, other texts in its own
markup, or plain headings and paragraphs; in wrappers of any name or in none; with and without a date, a writer, a
picture; often behind a list of related articles. Names are drawn at random, so that none can be learned. Needs lxml.
"""
import collections
import copy
import json
import os
import random
import sys

import lxml.html as LH
from lxml import etree

from train import joined as sp

R=random.Random(11)
T=json.load(open(sys.argv[1],encoding='utf8')); PAGES,OUT=sys.argv[2:4]
os.makedirs(OUT+'/pages',exist_ok=True)
BLOCK={'p','div','section','article','li','h1','h2','h3','h4','h5','h6','blockquote','td','figcaption','ul','ol','table','main','figure','header'}
def own_text(e): return ' '.join(e.text_content().split())
def load(k):
    v=T[k]
    try: doc=LH.document_fromstring(open(f'{PAGES}/{k}.html','rb').read())
    except Exception: return None
    body=sp((v.get('body') or '').replace('\n',' '))
    if len(body)<400: return None
    leaves=[]
    for e in doc.iter('p','div','li','h2','h3','h4','blockquote','td'):
        if e.tag!='p' and any(isinstance(c.tag,str) and c.tag in BLOCK for c in e.iterdescendants()): continue
        t=own_text(e)
        if len(t)<25: continue
        if sp(t) in body: leaves.append((e,len(t)))
    tot=sum(n for _,n in leaves)
    if tot<0.75*len(v['body']): return None
    # lowest common ancestor holding 95%
    cnt=collections.Counter()
    for e,n in leaves:
        a=e.getparent()
        while a is not None: cnt[a]+=n; a=a.getparent()
    cands=[a for a,n in cnt.items() if n>=.93*tot]
    cont=max(cands,key=lambda a:len(list(a.iterancestors())))
    title=v.get('title') or next((own_text(h) for h in doc.iter('h1') if len(own_text(h))>12),None)
    if not title: return None
    ft=sp(title)
    def heads(a): return [h for h in a.iter('h1','h2','h3') if sp(own_text(h))==ft]
    art,h=cont,None
    for a in [cont]+list(cont.iterancestors())[:5]:
        if a.tag in('body','html'): break
        if len(own_text(a))>2.5*len(v['body'])+800: break
        hs=heads(a)
        if hs: art,h=a,hs[0]; break
    allh=[x for x in doc.iter('h1','h2') if sp(own_text(x))==ft]
    if not allh: return None
    return dict(k=k,v=v,doc=doc,leaves=[e for e,_ in leaves],cont=cont,art=art,h=h,hh=allh[0],title=title,body=v['body'],lang=v.get('language'),pub=v['publisher'])
P={}
for k in sorted(T):
    x=load(k)
    if x: P[k]=x
print(len(P),'pages usable, with title inside',sum(1 for x in P.values() if x['h'] is not None))
bylang=collections.defaultdict(list); bypub=collections.defaultdict(list)
for x in P.values(): bylang[(x['lang'] or '')[:2]].append(x); bypub[x['pub']].append(x)
def paras(body): return [p.strip() for p in body.split('\n') if p.strip()]
def mark(x):
    for i,e in enumerate(x['leaves']): e.set('zzl',str(i))
    if x['h'] is not None: x['h'].set('zzh','1')
    x['art'].set('zza','1'); x['cont'].set('zzc','1')
for x in P.values(): mark(x)
def unmark(root):
    for e in root.iter():
        if isinstance(e.tag,str):
            for a in('zzl','zzh','zza','zzc'):
                if a in e.attrib: del e.attrib[a]
def E(tag,text=None,**a):
    e=etree.Element(tag); e.text=text
    for k,v in a.items(): e.set(k.rstrip('_').replace('_','-'),v)
    return e
NAMES=['unit','block','module','panel','item','wrap','node','row','scroll','loader','chunk','page-part','box','content-piece','view','entity']
def name(): return R.choice(NAMES)+R.choice(['','-main','--x','_el','-'+str(R.randrange(99))])
def real(x):
    """x's real article element"""
    e=copy.deepcopy(x['art']); e.tail=None
    hs=[h for h in e.iter() if isinstance(h.tag,str) and h.get('zzh')]
    if not hs:
        h=E(R.choice(['h1','h2']),x['title']);
        if R.random()<.5: h.set('class',name())
        w=E('div'); w.append(h); head_bits(w); w.append(e); return w
    return e
def head_bits(w):
    if R.random()<.5: t=E('time',R.choice(['12.03.2024, 14:05','March 12, 2024','2024-03-12 08:11','12/03/2024']),datetime='2024-03-12T14:05:00Z'); w.append(t)
    if R.random()<.4:
        d=E('div',class_=R.choice(['author','by','meta','writer'])); d.append(E('span',R.choice(['Anna Petrova','J. Miller','Redaktion','كريم منصور','王伟','Sato Kenji','Maria Costa']))); w.append(d)
    if R.random()<.4:
        f=E('figure'); f.append(E('img',src=f'/im/{R.randrange(9999)}.jpg',width='800',height='450')); 
        if R.random()<.6: f.append(E('figcaption',R.choice(['AFP','Foto: dpa','Photo by staff','Getty Images'])))
        w.append(f)
def clone(x,b):
    """x's markup with b's text"""
    e=copy.deepcopy(x['art']); e.tail=None
    ls=[l for l in e.iter() if isinstance(l.tag,str) and l.get('zzl')]
    ps=paras(b['body'])
    if not ls: return None
    def settext(n,t):
        for c in list(n): n.remove(c)
        n.text=t
    for i,l in enumerate(ls):
        if i<len(ps) and l.tag!='li': settext(l,ps[i])
        else:
            p=l.getparent()
            if p is not None: 
                tail=l.tail; p.remove(l)
    used=min(len(ps),len(ls)); 
    ls2=[l for l in e.iter() if isinstance(l.tag,str) and l.get('zzl')]
    if not ls2: return None
    last=ls2[-1]; parent=last.getparent()
    got=[l.text for l in ls2]
    rest=[p for p in ps if p not in got]
    at=list(parent).index(last)+1
    for p in rest:
        n=E(last.tag,p)
        if last.get('class'): n.set('class',last.get('class'))
        parent.insert(at,n); at+=1
    hs=[h for h in e.iter() if isinstance(h.tag,str) and h.get('zzh')]
    if hs: settext(hs[0],b['title'])
    else:
        w=E('div'); h=E(R.choice(['h1','h2']),b['title']); w.append(h); head_bits(w); w.append(e); e=w
    return e
def flat(b):
    out=[E(R.choice(['h1','h2']),b['title'])]
    w=E('div'); head_bits(w); 
    if R.random()<.3: out[0].set('class',name())
    out+=list(w)
    tag=R.choice(['p','p','p','div'])
    cl=name() if R.random()<.4 else None
    for p in paras(b['body']):
        n=E(tag,p); 
        if cl: n.set('class',cl)
        out.append(n)
    return out
def related(pool):
    n=R.randrange(3,8); k=R.random()
    w=E(R.choice(['aside','div','section'])); 
    if R.random()<.5: w.set('class',name())
    if R.random()<.7: w.append(E(R.choice(['h3','h4','div','strong']),R.choice(['Related','Mehr zum Thema','À lire aussi','مقالات ذات صلة','相关新闻','関連記事','Читайте также','Lea también','Leggi anche','İlgili haberler'])))
    l=E('ul') if k<.5 else E('div'); w.append(l)
    for y in R.sample(pool,min(n,len(pool))):
        i=E('li') if k<.5 else E('div')
        if R.random()<.6: i.append(E('img',src='/t/1.jpg'))
        a=E('a',y['title'],href='/x/%d'%R.randrange(9999))
        if R.random()<.5: h=E(R.choice(['h3','h4'])); h.append(a); i.append(h)
        else: i.append(a)
        if R.random()<.5: i.append(E('p',paras(y['body'])[0][:R.randrange(80,200)]))
        l.append(i)
    return w
truth={}; n=0
order=sorted(P); R.shuffle(order)
for rep in range(2):
  for key in order:
    x=P[key]
    same=[y for y in bypub[x['pub']] if y is not x]
    lang=[y for y in bylang[(x['lang'] or '')[:2]] if y is not x and y['pub']!=x['pub']]
    pool=lang+same
    if len(pool)<3: pool=[y for y in P.values() if y is not x]
    doc=copy.deepcopy(x['doc'])
    art=next(e for e in doc.iter() if isinstance(e.tag,str) and e.get('zza'))
    h=[e for e in doc.iter() if isinstance(e.tag,str) and e.get('zzh')]
    k=R.choice([1,1,2,2,3])
    style=R.choice(['real','clone','clone','flat','own'])
    if style=='real' and not same: style='clone'
    bs=(R.sample(same,min(k,len(same))) if style=='real' else R.sample([y for y in pool if y['pub'] != x['pub']] or pool,min(k,len(pool))))
    arts=[dict(title=x['title'],body=x['body'])]
    parent=art.getparent()
    if parent is None or art.tag=='body': continue
    at=list(parent).index(art)+1
    def put(e):
        global at
        parent.insert(at,e); at+=1
    put_related=R.random()<.5
    rel=[]
    if put_related: put(related(pool))
    wrapper=R.choice([None,'div','section','article'])
    cls=name(); attr=R.choice([None,'data-u','data-path','data-link'])
    ok=True; items=[]
    for j,b in enumerate(bs):
        if style=='real': e=real(b)
        elif style=='clone': e=clone(x,b)
        elif style=='own':
            e=E('div'); 
            for q in flat(b): e.append(q)
        else: e=None
        if style=='flat':
            for q in flat(b): put(q)
            if R.random()<.3: put(E('hr'))
        else:
            if e is None: ok=False; break
            if wrapper or style=='own':
                w=E(wrapper or 'div',class_=cls)
                if attr: w.set(attr,'/news/%d/story-%d.html'%(j,R.randrange(9999)))
                w.append(e); e=w
            if R.random()<.2: put(E('div','Advertisement' if R.random()<.5 else '',class_='ad'))
            put(e)
        arts.append(dict(title=b['title'],body=b['body']))
    if not ok: continue
    unmark(doc)
    id=f"sy{n:04d}_{style}"; n+=1
    open(f'{OUT}/pages/{id}.html','wb').write(b'<!DOCTYPE html>\n'+etree.tostring(doc,encoding='utf-8',method='html'))
    truth[id]=dict(publishers=sorted({x['pub']}|{b['pub'] for b in bs}),articles=arts,body='\n'.join(it['body'] for it in arts))
json.dump(truth,open(OUT+'/truth.json','w',encoding='utf8'),ensure_ascii=False)
print(n,'pages')
